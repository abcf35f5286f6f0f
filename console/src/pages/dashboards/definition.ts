/** The JSON of a dashboard, as in the URL, in exports and in files. */
import { scopes, type Scope } from '../../parts/graph/scopes.ts'
import { auto } from '../../state/auto.ts'

export const panelKinds = ['series', 'top', 'stat', 'table', 'topology', 'sql'] as const
export const measures = ['bytes', 'packets', 'flows'] as const
export const columnsOfGrid = 4
export const variableTypes = ['string', 'number', 'list'] as const
export const panelScopes = [auto, ...scopes] as const

export type Panel = Readonly<{
  kind: (typeof panelKinds)[number]
  title: string
  /** Columns of the grid. */
  width: number
  filter: string
  group: string
  by: (typeof measures)[number]
  limit: number
  /** Nodes of a topology. */
  scope: Scope | typeof auto
  sql: string
}>

export type Variable = Readonly<{
  name: string
  value: string
  /** Of parameters in SQL. A list is comma-separated. */
  type: (typeof variableTypes)[number]
}>

export type Dashboard = Readonly<{
  title: string
  variables: readonly Variable[]
  panels: readonly Panel[]
}>

export const newPanel: Panel = {
  kind: 'series',
  title: '',
  width: 2,
  filter: '',
  group: 'src_endpoint',
  by: 'bytes',
  limit: 10,
  scope: auto,
  sql: '',
}

export const newDashboard: Dashboard = { title: '', variables: [], panels: [] }

const maxPanels = 60
const variableName = /^[a-zA-Z]\w{0,39}$/

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Throws an Error with the reason. Absent members have their defaults; unknown ones are an error. */
export function readDashboard(text: string): Dashboard {
  const value: unknown = JSON.parse(text)
  if (!isFields(value)) throw new Error('it is not an object')
  known(value, ['title', 'variables', 'panels'], 'it')
  const { title = '', variables = [], panels = [] } = value
  if (typeof title !== 'string') throw new Error('`title` is not a text')
  if (!Array.isArray(variables) || !Array.isArray(panels)) throw new Error('`variables` or `panels` is not a list')
  if (panels.length > maxPanels) throw new Error(`it has more than ${maxPanels} panels`)
  return { title, variables: variables.map(readVariable), panels: panels.map(readPanel) }
}

export function writeDashboard({ title, variables, panels }: Dashboard): string {
  return JSON.stringify({
    ...(title === '' ? {} : { title }),
    ...(variables.length === 0
      ? {}
      : {
          variables: variables.map(({ type, ...variable }) => (type === 'string' ? variable : { ...variable, type })),
        }),
    panels: panels.map((panel) => ({
      kind: panel.kind,
      ...Object.fromEntries(
        Object.entries(panel).filter(([name, value]) => name !== 'kind' && value !== newPanel[name as keyof Panel]),
      ),
    })),
  })
}

function readVariable(value: unknown, index: number): Variable {
  const where = `variable ${index + 1}`
  if (!isFields(value)) throw new Error(`${where} is not an object`)
  known(value, ['name', 'value', 'type'], where)
  const { name, value: text = '', type = 'string' } = value
  if (typeof name !== 'string' || !variableName.test(name) || typeof text !== 'string')
    throw new Error(`${where} has no valid name`)
  const variableType = variableTypes.find((candidate) => candidate === type)
  if (variableType === undefined) throw new Error(`${where}: \`type\` is none of ${variableTypes.join(', ')}`)
  return { name, value: text, type: variableType }
}

function readPanel(value: unknown, index: number): Panel {
  const where = `panel ${index + 1}`
  if (!isFields(value)) throw new Error(`${where} is not an object`)
  known(value, Object.keys(newPanel), where)
  const panel = { ...newPanel, ...value } as Record<keyof Panel, unknown>
  for (const name of ['title', 'filter', 'group', 'sql'] as const)
    if (typeof panel[name] !== 'string') throw new Error(`${where}: \`${name}\` is not a text`)
  if (!panelKinds.some((kind) => kind === panel.kind))
    throw new Error(`${where}: \`kind\` is none of ${panelKinds.join(', ')}`)
  if (!panelScopes.some((scope) => scope === panel.scope))
    throw new Error(`${where}: \`scope\` is none of ${panelScopes.join(', ')}`)
  if (!measures.some((measure) => measure === panel.by))
    throw new Error(`${where}: \`by\` is none of ${measures.join(', ')}`)
  if (!isWithin(panel.width, columnsOfGrid)) throw new Error(`${where}: \`width\` is not from 1 to ${columnsOfGrid}`)
  if (!isWithin(panel.limit, 100)) throw new Error(`${where}: \`limit\` is not from 1 to 100`)
  return panel as Panel
}

function isWithin(value: unknown, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most
}

function known(value: Fields, names: readonly string[], where: string): void {
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`${where} has an unknown member \`${unknown}\``)
}

export function moved<Item>(items: readonly Item[], from: number, by: number): readonly Item[] {
  const to = Math.max(0, Math.min(items.length - 1, from + by))
  const rest = items.toSpliced(from, 1)
  return rest.toSpliced(to, 0, items[from]!)
}
