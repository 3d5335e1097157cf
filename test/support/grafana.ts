import { asList, asNumber, asRecord, asString } from './shape.ts';

/** A chart, a text or the title of a row, as Grafana reads it. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly place: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
  readonly thresholds: readonly { readonly value: number | null; readonly color: string }[];
  /** How they are drawn. */
  readonly thresholdsStyle: unknown;
  readonly json: Readonly<Record<string, unknown>>;
}

/** The panels of a dashboard's JSON; complains about what Grafana would not read. */
export function panelsOf(dashboard: Readonly<Record<string, unknown>>): Panel[] {
  return asList(dashboard.panels, 'panels').map((item, index) => {
    const where = `panel ${index}`;
    const json = asRecord(item, where);
    const place = asRecord(json.gridPos, `${where}: gridPos`);
    const defaults = asRecord(asRecord(json.fieldConfig ?? {}, where).defaults ?? {}, `${where}: defaults`);
    const custom = asRecord(defaults.custom ?? {}, `${where}: custom`);
    const thresholds = asRecord(defaults.thresholds ?? {}, `${where}: thresholds`);
    return {
      id: asNumber(json.id, `${where}: id`),
      type: asString(json.type, `${where}: type`),
      title: json.title === undefined ? '' : asString(json.title, `${where}: title`),
      place: {
        x: asNumber(place.x, `${where}: x`),
        y: asNumber(place.y, `${where}: y`),
        w: asNumber(place.w, `${where}: w`),
        h: asNumber(place.h, `${where}: h`),
      },
      targets: asList(json.targets ?? [], `${where}: targets`).map((target) => {
        const { refId, expr, legendFormat } = asRecord(target, `${where}: a target`);
        return {
          refId: asString(refId, 'refId'),
          expr: asString(expr, 'expr'),
          legendFormat: asString(legendFormat, 'legendFormat'),
        };
      }),
      thresholds: asList(thresholds.steps ?? [], `${where}: steps`).map((step) => {
        const { value, color } = asRecord(step, `${where}: a step`);
        return { value: value === null ? null : asNumber(value, 'value'), color: asString(color, 'color') };
      }),
      thresholdsStyle: custom.thresholdsStyle,
      json,
    };
  });
}

/** An expression with what Grafana puts in for the variables, all runs chosen. */
export function chosen(expr: string): string {
  return expr
    .replaceAll(/\$__(rate_)?interval/g, '1m')
    .replaceAll(/\$(run_id|user_id|model)/g, '.*')
    .replaceAll(/\$datasource/g, 'prometheus');
}
