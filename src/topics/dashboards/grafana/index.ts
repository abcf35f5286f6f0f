/** Dashboards of Grafana as dashboards of Weir. */
import { Refusal } from '../../refusal.ts'
import { maxPanels, type DashboardFile, type DashboardPanel, type GrafanaImport, type ImportNote } from '../schema.ts'
import { inside, numberIn, objectIn, objectsIn, textIn, type Json } from './model.ts'
import { panelOf } from './panels.ts'
import { sourcesOf } from './sources.ts'
import { variablesOf } from './variables.ts'

const maxSaved = 200_000

/** Exports and API results of Grafana 5 to 11. Throws WEIR_API_INVALID if the JSON has no panels. */
export function importGrafana(file: Json): GrafanaImport {
  const outer = objectIn(file['dashboard'])
  const dashboard = 'panels' in outer || 'rows' in outer ? outer : file
  if (!Array.isArray(dashboard['panels']) && !Array.isArray(dashboard['rows']))
    throw new Refusal('WEIR_API_INVALID', 'The JSON is no dashboard of Grafana: it has no list `panels`.', [
      'Export the dashboard in the classic model: Share → Export, without “V2 resource”.',
    ])
  const sources = sourcesOf(dashboard)
  const { variables, ...variableNotes } = variablesOf(dashboard, sources)
  const placed = withElements(placedPanels(dashboard), inside(dashboard, '__elements'))
  const constants = constantsOf(dashboard)
  const result = {
    panels: [] as DashboardPanel[],
    leftOut: [...variableNotes.leftOut],
    changed: [...variableNotes.changed],
  }
  let imported = 0
  for (const [at, source] of placed.entries()) {
    const panel = textIn(source['title']) || `panel ${textIn(source['id']) || at + 1}`
    if (source['type'] === 'row') {
      if (textIn(source['title']) !== '') result.panels.push(headingOf(source))
      continue
    }
    const read = isMissing(source) ? 'a library panel that the file does not contain' : panelOf(source, sources)
    if (typeof read === 'string') result.leftOut.push({ panel, reason: read })
    else if (result.panels.length >= maxPanels) result.leftOut.push({ panel, reason: `more than ${maxPanels} panels` })
    else {
      imported++
      result.panels.push(withConstants(withRepeat(read.panel, variables), constants))
      result.changed.push(...[...new Set(read.notes)].map((reason) => ({ panel, reason })))
    }
  }
  const title = textIn(dashboard['title'])
  const range = rangeOf(objectIn(dashboard['time']))
  const json = JSON.stringify({
    ...(title === '' ? {} : { title }),
    ...(variables.length === 0 ? {} : { variables }),
    panels: result.panels,
  } satisfies DashboardFile)
  return {
    json,
    ...(range === undefined ? {} : { range }),
    panels: placed.filter(({ type }) => type !== 'row').length,
    imported,
    left_out: result.leftOut,
    changed: [...wholeNotes(dashboard, json), ...result.changed],
  }
}

/** In the order of the screen; rows before their panels, also those of collapsed rows. */
function placedPanels(dashboard: Json): readonly Json[] {
  const older = objectsIn(dashboard['rows']).flatMap((row): readonly Json[] => [
    { type: 'row', title: row['showTitle'] === true ? row['title'] : '' },
    ...inRow(row),
  ])
  const sorted = objectsIn(dashboard['panels']).toSorted((a, b) => {
    const [first, second] = [objectIn(a['gridPos']), objectIn(b['gridPos'])]
    const place = (name: string) => (numberIn(first[name]) ?? 0) - (numberIn(second[name]) ?? 0)
    return place('y') || place('x')
  })
  let repeat: unknown
  const newer = sorted.flatMap((panel): readonly Json[] => {
    if (panel['type'] !== 'row') return [repeated(panel, repeat)]
    ;({ repeat } = panel)
    return [panel, ...inRow(panel)]
  })
  return [...older, ...newer]
}

/** Each panel of a repeated row is repeated. */
const inRow = (row: Json): readonly Json[] => objectsIn(row['panels']).map((panel) => repeated(panel, row['repeat']))
const repeated = (panel: Json, repeat: unknown): Json =>
  textIn(panel['repeat']) === '' && textIn(repeat) !== '' ? { ...panel, repeat } : panel

/** Library panels in exports are in `__elements`. */
function withElements(panels: readonly Json[], elements: Json): readonly Json[] {
  return panels.map((panel) => {
    const { uid } = objectIn(panel['libraryPanel'])
    const model = inside(elements, textIn(uid), 'model')
    return Object.keys(model).length === 0
      ? panel
      : { ...model, ...panel, type: textIn(panel['type']) || model['type'] }
  })
}

function isMissing({ libraryPanel, type, targets }: Json): boolean {
  return libraryPanel !== undefined && (textIn(type) === '' || type === 'library-panel-ref') && targets === undefined
}

function headingOf({ title }: Json): DashboardPanel {
  return { kind: 'text', width: 4, text: `## ${textIn(title)}` }
}

/** Only a variable with several values repeats. */
function withRepeat(panel: DashboardPanel, variables: DashboardFile['variables'] = []): DashboardPanel {
  const { repeat, ...rest } = panel
  return repeat === undefined || variables.some(({ name }) => name === repeat) ? panel : rest
}

/** Grafana shows a form for constants of an export; the file has their values. */
function constantsOf(dashboard: Json): ReadonlyMap<string, string> {
  const inputs = objectsIn(dashboard['__inputs']).filter(({ type }) => type === 'constant')
  return new Map(inputs.map(({ name, value }) => [textIn(name), textIn(value)]))
}

function withConstants(panel: DashboardPanel, constants: ReadonlyMap<string, string>): DashboardPanel {
  if (constants.size === 0 || panel.queries === undefined) return panel
  const filled = (expr: string) =>
    expr.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => constants.get(name) ?? whole)
  return { ...panel, queries: panel.queries.map((query) => ({ ...query, expr: filled(query.expr) })) }
}

const moment = /^now(?:-\d{1,6}[smhdw])?$/

function rangeOf({ from, to }: Json): string | undefined {
  return moment.test(textIn(from)) && moment.test(textIn(to)) ? `${textIn(from)}..${textIn(to)}` : undefined
}

function wholeNotes(dashboard: Json, json: string): readonly ImportNote[] {
  const annotations = objectsIn(inside(dashboard, 'annotations')['list'])
    .filter(({ builtIn }) => builtIn !== 1)
    .map(({ name }) => textIn(name))
  const links = objectsIn(dashboard['links'])
  const reasons = [
    ...(annotations.length > 0 ? [`annotations: ${annotations.join(', ')}`] : []),
    ...(links.length > 0 ? [`${links.length} links to other pages`] : []),
    ...(json.length > maxSaved ? ['it is too large to be saved; remove panels first'] : []),
  ]
  return reasons.map((reason) => ({ panel: '', reason }))
}
