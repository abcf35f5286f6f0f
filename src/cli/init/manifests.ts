/** The files of a target. */
import { stringify } from 'yaml'
import { version } from '../../app/version.ts'
import type { Choices } from './choices.ts'
import { settingsOf, sourcePorts, variablesOf } from './configuration.ts'

type InitFile = Readonly<{ name: string; text: string }>

/** One file has the configuration: the chart's values contain it. */
export function filesOf(choices: Choices, configuration: string): readonly InitFile[] {
  if (choices.target === 'kubernetes') return [{ name: 'values.yaml', text: valuesText(choices, configuration) }]
  const configurationFile = { name: 'weir.yaml', text: configuration }
  if (choices.target !== 'docker') return [configurationFile]
  return [configurationFile, { name: 'compose.yaml', text: composeText(choices, configuration) }]
}

export const localImage = `weir:${version}`

function portsOf({ collect, port }: Choices): readonly (readonly [number, 'udp' | 'tcp'])[] {
  return [[port, 'tcp'], ...collect.flatMap((kind) => sourcePorts[kind] ?? [])]
}

function composeText(choices: Choices, configuration: string): string {
  const variables = variablesOf(configuration)
  const cluster = choices.collect.includes('kubernetes')
  const service = {
    image: choices.image ?? localImage,
    // Otherwise Docker Hub would be searched for an image of this name.
    ...(choices.image === undefined ? { pull_policy: 'never' } : {}),
    command: ['run', '--config', '/etc/weir/weir.yaml'],
    user: '65532:65532',
    read_only: true,
    tmpfs: ['/tmp'],
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    restart: 'unless-stopped',
    stop_grace_period: '60s',
    ports: portsOf(choices).map(([number, protocol]) => `${number}:${number}${protocol === 'udp' ? '/udp' : ''}`),
    volumes: [
      'weir-data:/data',
      './weir.yaml:/etc/weir/weir.yaml:ro',
      ...(cluster ? ['${KUBECONFIG:-~/.kube/config}:/etc/weir/kubeconfig:ro'] : []),
    ],
    ...(cluster || variables.length > 0
      ? {
          environment: {
            ...(cluster ? { KUBECONFIG: '/etc/weir/kubeconfig' } : {}),
            ...Object.fromEntries(variables.map((name) => [name, `\${${name}:?set ${name}}`])),
          },
        }
      : {}),
  }
  return `# Written by \`weir init\`: docker compose up\n${stringify({
    name: choices.name,
    services: { weir: service },
    volumes: { 'weir-data': {} },
  })}`
}

/** Without the settings that the chart sets. */
function valuesText(choices: Choices, configuration: string): string {
  const { data: _, listen: __, ops: ___, instance: ____, sources, ...settings } = settingsOf(choices)
  const config = { ...settings, ...(Object.keys(sources as object).length === 0 ? {} : { sources }) }
  const variables = variablesOf(configuration)
  const env = Object.fromEntries(variables.map((name) => [name, { secret: 'weir-secrets', key: name }]))
  const [, repository, tag, digest] = /^(.*?)(?::([^:/@]+))?(?:@(sha256:.*))?$/.exec(choices.image ?? localImage)!
  const values = {
    fullnameOverride: choices.name,
    image: {
      repository,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
      // Otherwise the nodes would search Docker Hub for an image of this name.
      ...(choices.image === undefined ? { pullPolicy: 'Never' } : {}),
    },
    config,
    ...(variables.length === 0 ? {} : { secrets: { env } }),
  }
  // Helm reads YAML 1.1, where a plain `off` is a boolean.
  const head = '# Written by `weir init`: values of the Helm chart. `config` is the configuration of Weir.\n'
  return head + stringify(values, { version: '1.1' })
}
