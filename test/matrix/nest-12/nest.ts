import * as common from '@nestjs/common';
import * as core from '@nestjs/core';
import * as microservices from '@nestjs/microservices';
import * as fastify from '@nestjs/platform-fastify';
import type { Nest } from '../nest-11/app.ts';

/** Nest of this project. */
export const nest = { common, core, fastify, microservices } as unknown as Nest;
