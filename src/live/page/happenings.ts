import { alertColour, colour, runColourName } from './colours.ts';
import { formatValue, shortRunId } from './format.ts';
import type { Run } from './model.ts';
import type { Happening } from './overlays.ts';
import type { AxisName } from './view.ts';

/** The events of a run along the axis. */
export function happeningsOf({ runId, events }: Run, axis: AxisName, namesRun: boolean): Happening[] {
  return events.flatMap(({ step, time, title, alertType }) => {
    const x = axis === 'step' ? step : time / 1_000;
    if (x === null) return [];
    // The titles of alarms end with the run already.
    const isNamed = title.includes(runId);
    return [
      { x, title: namesRun && !isNamed ? `${title} (${shortRunId(runId)})` : title, colour: alertColour(alertType) },
    ];
  });
}

/** Where a metric of a run was NaN or infinite. */
export function nonFiniteOf(run: Run, metric: string, axis: AxisName): Happening[] {
  return (run.metrics.get(metric)?.marks ?? []).flatMap(({ step, time, value }) => {
    const x = axis === 'step' ? step : time / 1_000;
    if (Number.isNaN(x)) return [];
    return [{ x, title: `${formatValue(value)} (${shortRunId(run.runId)})`, colour: colour(runColourName(run.index)) }];
  });
}
