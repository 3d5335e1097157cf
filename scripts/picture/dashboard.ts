/** `dashboards/datadog-dashboard.json`, as far as it is drawn. */
export interface Dashboard {
  readonly title: string;
  readonly template_variables: readonly { readonly name: string; readonly defaults: readonly string[] }[];
  readonly widgets: readonly Widget[];
}

export interface Widget<Kind extends Definition = Definition> {
  readonly definition: Kind;
  readonly layout: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

export type Definition = ChartDefinition | NoteDefinition | GroupDefinition;

export interface ChartDefinition {
  readonly type: 'timeseries';
  readonly title: string;
  readonly requests: readonly ChartRequest[];
  readonly markers?: readonly { readonly value: string; readonly display_type: string; readonly label: string }[];
  readonly events?: readonly object[];
}

export interface ChartRequest {
  readonly display_type: 'line' | 'bars';
  readonly queries: readonly { readonly name: string; readonly query: string }[];
  readonly formulas: readonly { readonly formula: string; readonly alias: string }[];
}

export interface NoteDefinition {
  readonly type: 'note';
  readonly content: string;
}

export interface GroupDefinition {
  readonly type: 'group';
  readonly title: string;
  readonly widgets: readonly Widget[];
}
