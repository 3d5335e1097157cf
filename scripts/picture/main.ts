import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../../test/support/driver.ts';
import { intervalsOf } from './chart.ts';
import type { Dashboard } from './dashboard.ts';
import { sectionsOf } from './layout.ts';
import { pageOf } from './page.ts';
import { originOf, record } from './record.ts';
import { takeScreenshot } from './screenshot.ts';

/** Below the first charts. All groups would make the picture too long to look at. */
const GROUPS = ['Reinforcement learning', 'Training', 'Health'];
const WIDTH = 1_400;

const [file = ''] = process.argv.slice(2);
const dashboard: Dashboard = JSON.parse(readFileSync(join(root, 'dashboards', 'datadog-dashboard.json'), 'utf8'));
const recording = await record({ steps: 1_200, diverge: '320:336' });
const intervals = intervalsOf(recording);
const sections = sectionsOf(dashboard, recording, intervals, GROUPS);
const html = pageOf({ dashboard, sections, intervals, origin: originOf(recording) });
mkdirSync(dirname(file), { recursive: true });
await takeScreenshot(html, file, WIDTH);
