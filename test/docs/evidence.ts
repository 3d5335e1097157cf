import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { prometheusRules } from '../../src/dashboards/prometheus-rules.ts';
import type { DatadogApi } from '../support/datadog-api.ts';
import type { DatadogIntake } from '../support/datadog-intake.ts';
import type { OtlpServer } from '../support/otlp-server.ts';

/** A block that has been run, and what came of it. */
export interface ShellRun {
  readonly code: string;
  readonly folder: string;
  readonly stdout: string;
  /** Both streams. */
  readonly output: string;
  /** What the stand-ins of a browser and of Prometheus have seen. */
  readonly seen: string;
  readonly otlp: OtlpServer;
  readonly intake: DatadogIntake;
  readonly api: DatadogApi;
}

interface Rule {
  /** The lines that it is about. */
  readonly command: RegExp;
  /** Whether the command says by its exit code that something is wrong. */
  readonly fails?: boolean;
  holds(run: ShellRun): void | Promise<void>;
}

/** By command, what shows that it has done what the documents say. */
export const rules: readonly Rule[] = [
  {
    command: /\b(npm run|signal-otel) demo\b/,
    holds: ({ output }) => expect(output).toMatch(/^Run run_[0-9a-f]{16}: \d+ optimizer steps/m),
  },
  { command: /\bnpm test\b/, holds: ({ output }) => expect(output).toMatch(/^[1-9]\d* passed, 0 failed$/m) },
  {
    command: /\bnpm install\b/,
    holds({ code, folder }) {
      const named = [...code.matchAll(/\bnpm install (.+)$/gm)].flatMap(([, words = '']) => words.split(' '));
      const packages = named.map((word) => (word.endsWith('.tgz') ? 'signal-otel' : word));
      const at = code.includes('cd ../my-project') ? join(folder, '../my-project') : folder;
      expect(packages.filter((name) => !existsSync(join(at, 'node_modules', name, 'package.json')))).toEqual([]);
    },
  },
  {
    command: /^node --require signal-otel\/register driver\.js/m,
    async holds({ code, otlp, intake }) {
      if (code.includes('DATADOG_ENABLED=true')) {
        await intake.waitFor(() => intake.series.some(({ metric }) => metric === 'signal.training.loss'));
      } else await otlp.waitFor(({ body }) => body.includes('signal.training.loss'));
    },
  },
  {
    command: /\bOTEL_METRICS_EXPORTER=console\b/,
    holds: ({ stdout }) => expect(stdout).toContain("name: 'signal.training.loss'"),
  },
  {
    command: /\bOTEL_METRICS_EXPORTER=prometheus\b/,
    holds: ({ output }) => expect(output).toMatch(/^signal-otel: Prometheus metrics at http:\/\/127\.0\.0\.1:/m),
  },
  {
    command: /\bSIGNAL_LIVE=1\b|\bsignal-otel live\b/,
    holds: ({ output }) => expect(output).toMatch(/^signal-otel: live page at http:\/\/127\.0\.0\.1:/m),
  },
  {
    command: /\bsignal-otel (live|demo)\b/,
    holds({ seen }) {
      expect(seen).toContain('<!doctype html>');
      expect(seen).toMatch(/run_[0-9a-f]{16}/);
    },
  },
  {
    command: /\bOTEL_SDK_DISABLED=true\b/,
    holds({ output, otlp }) {
      const trained = [...output.matchAll(/^driver\.js trained (run_\w+)$/gm)].map(([, run = '']) => run);
      const arrived = (run: string) => otlp.requests.some(({ body }) => body.includes(run));
      expect(trained.map(arrived)).toContain(true);
      expect(arrived(trained.at(-1) ?? '')).toBe(false);
    },
  },
  {
    command: /\bsignal-otel doctor\b/,
    fails: true,
    holds: ({ output }) => expect(output).toContain('signal.test.metric'),
  },
  {
    command: /\bdatadog apply\b/,
    holds({ api }) {
      expect(api.dashboards).toHaveLength(1);
      expect(api.monitors.length).toBeGreaterThan(5);
      expect(api.monitors[0]?.message).toContain('@slack-ml');
    },
  },
  {
    command: /\bsignal-otel dashboards (\S+)/,
    holds({ code, folder }) {
      const [, target = ''] = /\bsignal-otel dashboards (\S+)/.exec(code) ?? [];
      expect(existsSync(join(folder, target, 'grafana.json'))).toBe(true);
    },
  },
  {
    command: /\bdocker compose\b/,
    holds: ({ output }) => expect(output).toMatch(/^docker compose would start collector/m),
  },
  {
    command: /\botelcol-contrib\b/,
    holds: ({ output }) => expect(output).toMatch(/^The Collector of \S+ answers 200$/m),
  },
  {
    command: /\bprometheus --config/,
    holds({ output }) {
      const alerts = prometheusRules().groups.flatMap(({ rules }) => rules).length;
      expect(output).toMatch(new RegExp(`^Prometheus has run_[0-9a-f]{16} and ${alerts} alerts$`, 'm'));
    },
  },
  {
    command: /\bexamples\/(train|plain)\.ts\b/,
    holds({ code, output }) {
      const trained = output.match(/^ {2}reward \(mean of last 100 episodes\) {2}first \S+ {2}last \S+$/gm) ?? [];
      expect(trained).toHaveLength((code.match(/\bexamples\/(train|plain)\.ts\b/g) ?? []).length);
    },
  },
  {
    command: /\bexamples\/node-sdk\.ts\b/,
    async holds({ output, otlp }) {
      const [, run = ''] = /^(run_[0-9a-f]{16}) step 10 {2}loss/m.exec(output) ?? [];
      await otlp.waitFor(({ path, body }) => path === '/v1/metrics' && run !== '' && body.includes(run));
    },
  },
];

export function rulesFor(code: string): Rule[] {
  return rules.filter(({ command }) => command.test(code));
}
