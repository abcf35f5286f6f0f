import type { Panel, Variable } from '../../parts/dashboards/definition.ts'
import { dashboardsText } from './text.ts'
import { inText, itemsOf, itemText } from '../../parts/dashboards/variables.ts'

/** A panel on the page: one of the definition, or one for a value of a variable. */
export type Shown = Readonly<{
  key: string
  /** In the list of the definition. */
  at: number
  panel: Panel
  variables: readonly Variable[]
  title: string
  /** The first of its repetitions has the editor. */
  isFirst: boolean
}>

const mostRepeated = 20

/** Panels with their repetitions. An empty list of a variable has all `offered` values. */
export function shownPanels(
  panels: readonly Panel[],
  variables: readonly Variable[],
  offered: Readonly<Record<string, readonly string[]>>,
  kindTitle: (panel: Panel) => string,
): readonly Shown[] {
  return panels.flatMap((panel, at): readonly Shown[] => {
    const plain = panel.title === '' ? kindTitle(panel) : panel.title
    const repeated = variables.find(({ name }) => name !== '' && name === panel.repeat)
    const values = repeated === undefined ? [] : valuesOf(repeated, offered[repeated.name] ?? []).slice(0, mostRepeated)
    if (repeated === undefined || values.length === 0)
      return [{ key: String(at), at, panel, variables, title: inText(plain, variables), isFirst: true }]
    return values.map((value, index) => {
      const own = variables.map((variable) =>
        variable === repeated ? { ...variable, value: variable.type === 'list' ? itemText(value) : value } : variable,
      )
      const filled = inText(plain, own)
      const title = filled === plain ? dashboardsText.repeated(plain, value) : filled
      return { key: `${at} ${value}`, at, panel, variables: own, title, isFirst: index === 0 }
    })
  })
}

function valuesOf({ type, value }: Variable, offered: readonly string[]): readonly string[] {
  if (type !== 'list') return [value]
  const items = textsOf(value)
  return items.length === 0 ? offered : items
}

function textsOf(value: string): readonly string[] {
  try {
    return itemsOf(value).map(String)
  } catch {
    return [value]
  }
}
