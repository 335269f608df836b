import 'reflect-metadata';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { type User, users } from '../../frameworks-node/readme/users.ts';

class UsersController {
  insert(user: User): Promise<User> {
    return users.insert(user);
  }
}

// By hand, for TypeScript's own decorators need options of the compiler.
const method = Object.getOwnPropertyDescriptor(UsersController.prototype, 'insert') as PropertyDescriptor;
Post()(UsersController.prototype, 'insert', method);
Body()(UsersController.prototype, 'insert', 0);
Controller('users')(UsersController);

export class AppModule {}
Module({ controllers: [UsersController] })(AppModule);
