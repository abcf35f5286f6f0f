// Reads a stack from the HCL files of one folder: literals, locals, defaults of variables, yamlencode and heredocs.
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { parseHcl, type Block, type Body, type Expression } from './hcl.ts'
import {
  at,
  isFields,
  text,
  type Cluster,
  type Datasource,
  type Fields,
  type NamedFile,
  type NodePool,
  type Place,
  type Release,
  type Stack,
  type Value,
} from './model.ts'

interface File {
  readonly path: string
  readonly source: string
  readonly body: Body
}

/** `shown`: the path of the folder in findings. */
export async function stackOfFolder(folder: string, shown: string): Promise<Stack> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.tf')).toSorted()
  const files = await Promise.all(
    names.map(async (name): Promise<File> => {
      const source = await readFile(join(folder, name), 'utf8')
      try {
        return { path: `${shown}/${name}`, source, body: parseHcl(source) }
      } catch (error) {
        throw new Error(`${shown}/${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
      }
    }),
  )
  return stackOf(files)
}

function stackOf(files: readonly File[]): Stack {
  const scope = scopeOf(files)
  const blocks = files.flatMap((file) => file.body.blocks.map((block) => ({ file, block })))
  const resources = blocks
    .filter(({ block }) => block.type === 'resource')
    .map(({ file, block }) => ({
      kind: (block.labels[0] ?? '').replace(/_v1$/, ''),
      block,
      place: { file: file.path, key: block.labels.join('.'), line: block.line },
    }))
  const kinds = new Set(resources.map(({ kind }) => kind))
  const ofKind = (kind: string): typeof resources => resources.filter((resource) => resource.kind === kind)
  const objects = [
    ...ofKind('kubernetes_config_map').map((each) => ({ ...each, carrier: 'configmap' as const })),
    ...ofKind('kubernetes_secret').map((each) => ({ ...each, carrier: 'secret' as const })),
  ].map(({ block, place, carrier }) => ({ ...objectOf(block, scope), place, carrier }))
  const providers = blocks.filter(({ block }) => block.type === 'provider')
  const clusters = ofKind('digitalocean_kubernetes_cluster')
  return {
    releases: ofKind('helm_release').map(({ block, place }) => releaseOf(block, place, scope)),
    clusters: clusters.map(({ block, place }) => clusterOf(block, place, scope)),
    pools: [
      ...clusters.flatMap(({ block, place }) =>
        inner(block, 'node_pool').map((pool) =>
          poolOf(pool, { ...place, key: `${place.key}: node_pool`, line: pool.line }, scope, { inline: true }),
        ),
      ),
      ...ofKind('digitalocean_kubernetes_node_pool').map(({ block, place }) =>
        poolOf(block, place, scope, { inline: false }),
      ),
    ],
    datasources: objects.flatMap(datasourcesOf),
    dashboards: objects.flatMap((object) => filesOf(object, 'grafana_dashboard')),
    alerts: objects.flatMap((object) => filesOf(object, 'grafana_alert')),
    programs: objects.flatMap((object) => filesOf(object, undefined)),
    templates: files.flatMap(templatesOf),
    boundProviders: providers
      .filter(({ block }) => /^(?:helm|kubernetes)$/.test(block.labels[0] ?? ''))
      .filter(({ block }) => readsResource(block, kinds))
      .map(({ file, block }) => ({ file: file.path, key: `provider.${block.labels[0]}`, line: block.line })),
    providerBlocks: providers
      .filter(({ block }) => block.labels[0] === 'helm')
      .flatMap(({ file, block }) =>
        ['kubernetes', 'registry', 'experiments'].flatMap((name) =>
          inner(block, name).map(({ line }) => ({ file: file.path, key: `provider.helm: ${name}`, line })),
        ),
      ),
    hasRegistry: blocks.some(({ block }) => (block.labels[0] ?? '').startsWith('digitalocean_container_registry')),
    complete: false,
  }
}

type Scope = ReadonlyMap<string, Value>

/** Values of `local.NAME` and `var.NAME`. */
function scopeOf(files: readonly File[]): Scope {
  const scope = new Map<string, Value>()
  const blocks = files.flatMap(({ body }) => body.blocks)
  for (const { type, labels, body } of blocks) {
    const initial = body.attributes.find(({ name }) => name === 'default')
    if (type === 'variable' && initial !== undefined) scope.set(`var.${labels[0]}`, plain(initial.value, scope))
  }
  // Twice, for locals that refer to later ones.
  for (const { type, body } of [...blocks, ...blocks])
    if (type === 'locals')
      for (const { name, value } of body.attributes) scope.set(`local.${name}`, plain(value, scope))
  return scope
}

/** References that the folder does not define stay as text. */
function plain(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'object':
      return Object.fromEntries(expression.entries.map(([key, value]) => [key, plain(value, scope)]))
    case 'list':
      return expression.items.map((item) => plain(item, scope))
    case 'call':
      return /^(?:yaml|json)encode$/.test(expression.name) && expression.args[0] !== undefined
        ? plain(expression.args[0], scope)
        : `\${${expression.name}(…)}`
    case 'text':
      return (
        scope.get(expression.text) ??
        expression.text.replaceAll(/\$\{\s*((?:var|local)\.\w+)\s*\}/g, (whole, name: string) => {
          const value = text(scope.get(name))
          return value === '' ? whole : value
        })
      )
  }
}

const inner = (block: Block, type: string): readonly Block[] =>
  block.body.blocks.filter((candidate) => candidate.type === type)

function attribute(block: Block | undefined, name: string, scope: Scope): Value | undefined {
  const matching = block?.body.attributes.find((candidate) => candidate.name === name)
  return matching === undefined ? undefined : plain(matching.value, scope)
}

function releaseOf(block: Block, location: Place, scope: Scope): Release {
  const values = attribute(block, 'values', scope)
  const parts = (Array.isArray(values) ? (values as readonly Value[]) : []).map(treeOf)
  const sets = inner(block, 'set').map((each) => [attribute(each, 'name', scope), attribute(each, 'value', scope)])
  const list = attribute(block, 'set', scope)
  if (Array.isArray(list)) for (const each of list as readonly Value[]) sets.push([at(each, 'name'), at(each, 'value')])
  for (const [name, value] of sets) parts.push(nested(text(name).split(/(?<!\\)\./), value ?? null))
  const version = attribute(block, 'version', scope)
  return {
    place: location,
    name: text(attribute(block, 'name', scope)),
    chart: basename(text(attribute(block, 'chart', scope))),
    repository: text(attribute(block, 'repository', scope)),
    version: version === undefined ? undefined : text(version),
    values: parts.reduce<Fields>(merged, {}),
    setBlocks: inner(block, 'set').length + inner(block, 'set_sensitive').length + inner(block, 'set_list').length > 0,
  }
}

function treeOf(value: Value): Fields {
  if (isFields(value)) return value
  const parsed = typeof value === 'string' && !value.startsWith('${') ? (parseYaml(value) as Value) : null
  return isFields(parsed) ? parsed : {}
}

function nested([first = '', ...rest]: readonly string[], value: Value): Fields {
  const key = first.replaceAll('\\.', '.')
  return { [key]: rest.length === 0 ? value : nested(rest, value) }
}

function merged(left: Fields, right: Fields): Fields {
  const fields: Record<string, Value> = { ...left }
  for (const [key, value] of Object.entries(right)) {
    const before = fields[key]
    fields[key] = isFields(before) && isFields(value) ? merged(before, value) : value
  }
  return fields
}

function clusterOf(block: Block, position: Place, scope: Scope): Cluster {
  const ha = attribute(block, 'ha', scope)
  return {
    place: position,
    maintenance: inner(block, 'maintenance_policy').length > 0,
    autoUpgrade: attribute(block, 'auto_upgrade', scope) === true,
    registry: attribute(block, 'registry_integration', scope) === true,
    ha: typeof ha === 'boolean' ? ha : ha === undefined ? undefined : true,
    version: text(attribute(block, 'version', scope)),
  }
}

function poolOf(block: Block, position: Place, scope: Scope, { inline }: { readonly inline: boolean }): NodePool {
  const number = (name: string): number | undefined => {
    const value = attribute(block, name, scope)
    return typeof value === 'number' ? value : value === undefined ? undefined : Number.NaN
  }
  return {
    place: position,
    inline,
    size: text(attribute(block, 'size', scope)),
    nodes: number('node_count') ?? number('min_nodes') ?? 1,
    autoScale: attribute(block, 'auto_scale', scope) === true,
    min: number('min_nodes'),
    max: number('max_nodes'),
  }
}

interface KubernetesObject {
  readonly place: Place
  readonly carrier: 'configmap' | 'secret'
  readonly labels: Fields
  readonly data: Fields
}

function objectOf(block: Block, scope: Scope): Pick<KubernetesObject, 'labels' | 'data'> {
  const labels = attribute(inner(block, 'metadata')[0], 'labels', scope)
  const data = attribute(block, 'data', scope)
  return { labels: isFields(labels) ? labels : {}, data: isFields(data) ? data : {} }
}

function datasourcesOf({ place, carrier, labels, data }: KubernetesObject): Datasource[] {
  if (labels['grafana_datasource'] === undefined) return []
  return Object.entries(data).flatMap(([name, content]) => {
    const list = at(treeOf(content), 'datasources')
    return (Array.isArray(list) ? (list as readonly Value[]) : []).filter(isFields).map((fields) => ({
      place: { ...place, key: `${place.key}: ${name} ${text(fields['name'])}` },
      fields,
      carrier,
    }))
  })
}

/** Files of an object with a label, or of objects without a label of Grafana. */
function filesOf({ place, labels, data }: KubernetesObject, label: string | undefined): NamedFile[] {
  const marked = Object.keys(labels).find((name) => name.startsWith('grafana_'))
  if (marked !== label) return []
  return Object.entries(data).flatMap(([name, content]) =>
    typeof content === 'string' && !content.startsWith('${')
      ? [{ place: { ...place, key: `${place.key}: ${name}` }, text: content }]
      : [],
  )
}

function templatesOf({ path, source }: File): Place[] {
  return source.split('\n').flatMap((line, index) => {
    const match = /^(?!\s*(?:#|\/\/)).*\btemplatefile\(\s*"?([^",)]*)/.exec(line)
    if (match === null) return []
    return [{ file: path, key: `templatefile(${basename(match[1] ?? '')})`, line: index + 1 }]
  })
}

/** Whether the host or the credentials are attributes of a resource, without an exec plugin. */
function readsResource(block: Block, kinds: ReadonlySet<string>): boolean {
  const bodies = [block, ...block.body.blocks]
  const written = JSON.stringify(bodies.map(({ body }) => body.attributes))
  const exec = bodies.some((body) => inner(body, 'exec').length > 0) || written.includes('"exec"')
  return !exec && [...kinds].some((kind) => new RegExp(`\\b${kind}(?:_v1)?\\.`).test(written))
}
