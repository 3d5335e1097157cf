import { start } from './runtime/start.ts';

start();
