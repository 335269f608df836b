import * as common from '@nestjs/common';
import * as core from '@nestjs/core';
import * as microservices from '@nestjs/microservices';
import * as fastify from '@nestjs/platform-fastify';
import type { Nest } from './app.ts';

/** Nest of this project. */
export const nest: Nest = { common, core, fastify, microservices };
