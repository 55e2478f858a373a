import { defineConfig } from 'vitest/config';
import bench from '../vitest.config.js';

export default defineConfig({ test: { ...bench.test, include: ['bench/size/*.bench.ts'] } });
