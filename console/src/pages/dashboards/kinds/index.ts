/** All kinds of panels. A kind is a folder here, and its name in {@link panelKinds} and in the schema of the API. */
import type { Panel } from '../../../parts/dashboards/definition.ts'
import { alerts } from './alerts/index.ts'
import { audit } from './audit/index.ts'
import { changes } from './changes/index.ts'
import { events } from './events/index.ts'
import { insights } from './insights/index.ts'
import { inventory } from './inventory/index.ts'
import type { PanelKind } from './kind.ts'
import { logs } from './logs/index.ts'
import { metric } from './metric/index.ts'
import { numbers } from './numbers/index.ts'
import { percentiles } from './percentiles/index.ts'
import { series } from './series/index.ts'
import { spend } from './spend/index.ts'
import { sql } from './sql/index.ts'
import { stat } from './stat/index.ts'
import { table } from './table/index.ts'
import { text } from './text/index.ts'
import { top } from './top/index.ts'
import { topology } from './topology/index.ts'

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
