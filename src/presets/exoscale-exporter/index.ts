import { withoutUndefined } from '../../model/json.ts'
import { PresetProblem } from '../given.ts'

export { PresetProblem } from '../given.ts'

export type ExoscaleExporterFlags = Readonly<{
  /** Address of the metrics, as in Go: the host may be empty. */
  listen?: string
  legacyExoscaleNames?: boolean
}>

export type ExoscaleExporterInput = Readonly<{
  flags: ExoscaleExporterFlags
  env: Readonly<Record<string, string | undefined>>
  data: string
}>

export type ExoscaleExporterPlan = Readonly<{
  config: Readonly<Record<string, unknown>>
  notes: readonly string[]
  fresh: string
}>

const usualListen = ':9999'

export function exoscaleExporterPreset({ flags, env, data }: ExoscaleExporterInput): ExoscaleExporterPlan {
  for (const name of ['EXOSCALE_API_KEY', 'EXOSCALE_API_SECRET'])
    if ((env[name] ?? '').trim() === '')
      throw new PresetProblem(`${name} is not set; set it to the API key of the organization or its secret`)
  const endpoint = env['EXOSCALE_API_ENDPOINT']?.trim().replace(/\/v2\/?$/, '')
  return {
    config: {
      data: data.startsWith('/') || data.startsWith('.') ? data : `./${data}`,
      ops: addressOf(flags.listen ?? usualListen),
      store: { enabled: 'none' },
      sources: {
        exoscale: {
          type: 'exoscale',
          key: 'env:EXOSCALE_API_KEY',
          secret: 'env:EXOSCALE_API_SECRET',
          ...withoutUndefined({ endpoint: endpoint === '' ? undefined : endpoint }),
          legacy_names: flags.legacyExoscaleNames ?? true,
        },
        netflow: { listen: 'off', tcp: 'off' },
        sflow: { listen: 'off' },
      },
      sinks: {},
    },
    notes: [],
    fresh: 'the first complete lists are a baseline; later differences are changes.',
  }
}

function addressOf(listen: string): string {
  const [, host = '', port = ''] = /^(.*):(\d{1,5})$/.exec(listen) ?? []
  if (port === '' || Number(port) > 65_535)
    throw new PresetProblem(`-listen is \`${listen}\`; it must be HOST:PORT or :PORT`)
  return `${host === '' ? '0.0.0.0' : host}:${port}`
}
