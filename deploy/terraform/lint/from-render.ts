// Reads a stack from the outputs of modules/render, as `terraform output -json` or a plan has them.
import { parse } from 'yaml'
import { at, isFields, text, type Datasource, type Fields, type NamedFile, type Stack, type Value } from './model.ts'

interface RenderedRelease {
  readonly chart: string
  readonly repository: string | null
  readonly version: string
  readonly values: string
}

interface RenderedObject {
  readonly labels: Readonly<Record<string, string>>
  readonly data: Readonly<Record<string, string>>
}

export interface Rendered {
  readonly releases: Readonly<Record<string, RenderedRelease>>
  readonly config_maps: Readonly<Record<string, RenderedObject>>
  readonly secrets: Readonly<Record<string, RenderedObject>>
}

/** `file`: the name of the outputs in findings. */
export function stackOfRendered(rendered: Rendered, file: string): Stack {
  const objects = [
    ...Object.entries(rendered.config_maps).map(([name, object]) => ({ name, object, carrier: 'configmap' as const })),
    ...Object.entries(rendered.secrets).map(([name, object]) => ({ name, object, carrier: 'secret' as const })),
  ]
  const labeled = (label: string): NamedFile[] =>
    objects
      .filter(({ object }) => object.labels[label] !== undefined)
      .flatMap(({ name, object }) =>
        Object.entries(object.data).map(([key, content]) => ({
          place: { file, key: `${name}: ${key}` },
          text: content,
        })),
      )
  return {
    releases: Object.entries(rendered.releases).map(([name, { chart, repository, version, values }]) => ({
      place: { file, key: `releases.${name}` },
      name,
      chart: chart.split('/').at(-1) ?? '',
      repository: repository ?? '',
      version,
      values: fieldsOf(parse(values) as Value),
      setBlocks: false,
    })),
    clusters: [],
    pools: [],
    datasources: objects
      .filter(({ object }) => object.labels['grafana_datasource'] !== undefined)
      .flatMap(({ name, object, carrier }) =>
        Object.entries(object.data).flatMap(([key, content]) =>
          listOf(at(parse(content) as Value, 'datasources')).map((fields): Datasource => ({
            place: { file, key: `${name}: ${key} ${text(fields['name'])}` },
            fields,
            carrier,
          })),
        ),
      ),
    dashboards: labeled('grafana_dashboard'),
    alerts: labeled('grafana_alert'),
    programs: [],
    templates: [],
    boundProviders: [],
    providerBlocks: [],
    hasRegistry: false,
    complete: true,
  }
}

const fieldsOf = (value: Value): Fields => (isFields(value) ? value : {})
const listOf = (value: Value | undefined): Fields[] =>
  Array.isArray(value) ? (value as readonly Value[]).filter(isFields) : []
