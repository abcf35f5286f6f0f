/**
 * All kinds of panels. A kind is the folder `panel` of the page that shows the same, or a folder in
 * pages/dashboards/kinds, and its name in {@link panelKinds} and in the schema of the API.
 */
import type { Panel } from '../parts/dashboards/definition.ts'
import { alerts } from '../pages/alerts/panel/index.ts'
import { audit } from '../pages/audit/panel/index.ts'
import { changes } from '../pages/changes/panel/index.ts'
import { events } from '../pages/events/panel/index.ts'
import { insights } from '../pages/insights/panel/index.ts'
import { resources } from '../pages/resources/panel/index.ts'
import { inventory } from '../pages/inventory/panel/index.ts'
import type { PanelKind } from '../parts/dashboards/kind.ts'
import { logs } from '../pages/dashboards/kinds/logs/index.ts'
import { metric } from '../pages/dashboards/kinds/metric/index.ts'
import { numbers } from '../pages/dashboards/kinds/numbers/index.ts'
import { percentiles } from '../pages/dashboards/kinds/percentiles/index.ts'
import { series } from '../pages/dashboards/kinds/series/index.ts'
import { spend } from '../pages/spend/panel/index.ts'
import { sql } from '../pages/dashboards/kinds/sql/index.ts'
import { stat } from '../pages/dashboards/kinds/stat/index.ts'
import { table } from '../pages/dashboards/kinds/table/index.ts'
import { text } from '../pages/dashboards/kinds/text/index.ts'
import { top } from '../pages/dashboards/kinds/top/index.ts'
import { topology } from '../pages/dashboards/kinds/topology/index.ts'

export const kinds: Readonly<Record<Panel['kind'], PanelKind>> = {
  series,
  top,
  stat,
  table,
  topology,
  percentiles,
  metric,
  logs,
  events,
  numbers,
  changes,
  audit,
  insights,
  resources,
  inventory,
  spend,
  alerts,
  sql,
  text,
}

/** The settings of another kind are those of a new panel, except title, width and filter of a kind alike. */
export function ofKind(panel: Panel, kind: Panel['kind'], fresh: Panel): Panel {
  const { title, width, filter, range, repeat, limit } = panel
  const isAlike = kinds[kind].names !== undefined && kinds[kind].names === kinds[panel.kind].names
  return {
    ...fresh,
    ...kinds[kind].usual,
    kind,
    title,
    width,
    range,
    repeat,
    ...(isAlike ? { filter, limit, group: panel.group, by: panel.by, select: panel.select } : {}),
  }
}
