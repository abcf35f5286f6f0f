import { PresetProblem } from '../given.ts'
import type { Reader } from './settings.ts'

const keyFile = 'insights-remote-dependency-track-key'

type Track = Readonly<{
  sinks: Readonly<Record<string, object>>
  files: Readonly<Record<string, string>>
}>

/** Reports that it refuses become dead letters; ConfigMaps do not wait for it. */
export function trackOf(read: Reader, folder: string): Track {
  if (!read.truth('track')) return { sinks: {}, files: {} }
  const [url, key] = [read.text('trackUrl'), read.given('trackKey')]
  if (url === '' || key.value === '')
    throw new PresetProblem('DEPENDENCY_TRACK_API_ENDPOINT and DEPENDENCY_TRACK_API_KEY are required')
  const isVariable = key.by === 'DEPENDENCY_TRACK_API_KEY'
  return {
    sinks: {
      'dependency-track': {
        type: 'dependency-track',
        url,
        api_key: isVariable ? `env:${key.by}` : `file:${folder}/${keyFile}`,
        root: read.text('trackRoot'),
        parent: read.text('trackParent'),
        project: read.text('trackProject'),
        version: read.text('trackVersion'),
        production_only: read.truth('trackProdOnly'),
        from: ['insights'],
      },
    },
    files: isVariable ? {} : { [keyFile]: key.value },
  }
}
