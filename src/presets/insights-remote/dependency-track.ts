import { PresetProblem } from '../given.ts'
import type { Reader } from './settings.ts'

const keyFile = 'insights-remote-dependency-track-key'

type Track = Readonly<{
  sinks: Readonly<Record<string, object>>
  files: Readonly<Record<string, string>>
  /** Settings of the source: its ConfigMaps wait for these sinks. */
  awaited: object
}>

/** Reports that a server refuses become dead letters, and so do those that a tenant's server does not take in time. */
export function trackOf(read: Reader, folder: string): Track {
  if (!read.truth('track')) return { sinks: {}, files: {}, awaited: {} }
  const [url, key] = [read.text('trackUrl'), read.given('trackKey')]
  const endpoints = read
    .text('trackEndpoints')
    .split(',')
    .map((part) => part.trim())
    .filter((text) => text !== '')
  const hasDefault = url !== '' && key.value !== ''
  if (!hasDefault && (endpoints.length === 0 || url !== '' || key.value !== ''))
    throw new PresetProblem(
      'DEPENDENCY_TRACK_API_ENDPOINT and DEPENDENCY_TRACK_API_KEY are required, or DEPENDENCY_TRACK_CUSTOM_ENDPOINTS',
    )
  const isVariable = key.by === 'DEPENDENCY_TRACK_API_KEY'
  const common = {
    type: 'dependency-track',
    root: read.text('trackRoot'),
    parent: read.text('trackParent'),
    project: read.text('trackProject'),
    version: read.text('trackVersion'),
    production_only: read.truth('trackProdOnly'),
    from: ['insights'],
    when_behind: 'block',
  }
  const custom = {
    ...common,
    custom: { endpoints },
    delivery: { max_elapsed: '15m' },
  }
  return {
    sinks: {
      ...(hasDefault
        ? {
            'dependency-track': {
              ...common,
              url,
              api_key: isVariable ? `env:${key.by}` : `file:${folder}/${keyFile}`,
              delivery: { max_elapsed: '6h' },
            },
          }
        : {}),
      ...(endpoints.length === 0 ? {} : { 'dependency-track-custom': custom }),
    },
    files: isVariable || !hasDefault ? {} : { [keyFile]: key.value },
    awaited: {
      ...(hasDefault ? { ack_dependency_track: 'sink:dependency-track' } : {}),
      ...(endpoints.length === 0 ? {} : { ack_custom_endpoint: 'sink:dependency-track-custom' }),
    },
  }
}
