// #region readme: Nest
import { NestFactory } from '@nestjs/core';
import { nestConflicts } from 'db-http-errors/frameworks/nest';
import { AppModule } from './app.module.ts';
import { conflicts } from './conflicts.ts';

const app = await NestFactory.create(AppModule);
app.useGlobalFilters(nestConflicts(conflicts));

// #endregion

export { app };
