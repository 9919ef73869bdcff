/** A worker of the CPU. */
import { workOnChunks } from './chunks.js';

workOnChunks();
