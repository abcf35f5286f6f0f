/** Files for the target, beside weir.yaml. */
import { stringify } from 'yaml'
import type { Choices } from './choices.ts'
import { settingsOf, sourcePorts, variablesOf } from './configuration.ts'

type InitFile = Readonly<{ name: string; text: string }>

export function manifestsOf(choices: Choices, configuration: string): readonly InitFile[] {
  switch (choices.target) {
    case 'laptop':
      return []
    case 'docker':
      return [{ name: 'compose.yaml', text: composeText(choices, configuration) }]
    case 'kubernetes':
      return [{ name: 'values.yaml', text: valuesText(choices, configuration) }]
    case 'systemd':
      return [{ name: 'weir.service.d/10-init.conf', text: dropInText(choices, configuration) }]
  }
}

/** The commands that start it, for the end of `weir init`. */
export function nextSteps({ target, port }: Choices, configuration: string): readonly string[] {
  const variables = variablesOf(configuration)
  const set = variables.length === 0 ? [] : [`Set ${variables.join(', ')}.`]
  const address = `Open http://127.0.0.1:${port}`
  switch (target) {
    case 'laptop':
      return [...set, 'weir run --config weir.yaml', address]
    case 'docker':
      return [...set, 'docker compose up', address]
    case 'kubernetes':
      return [
        ...(set.length === 0 ? [] : [`Create the Secret weir-secrets with ${variables.join(', ')}.`]),
        'helm install weir deploy/helm/weir --values values.yaml',
      ]
    case 'systemd':
      return [
        ...(set.length === 0 ? [] : [`Set ${variables.join(', ')} in /etc/default/weir.`]),
        'sudo install -D -m 0640 -g weir weir.yaml /etc/weir/weir.yaml',
        'sudo install -D -m 0644 weir.service.d/10-init.conf /etc/systemd/system/weir.service.d/10-init.conf',
        'sudo systemctl daemon-reload && sudo systemctl restart weir',
        address,
      ]
  }
}

function portsOf({ collect, port }: Choices): readonly (readonly [number, 'udp' | 'tcp'])[] {
  return [[port, 'tcp'], ...collect.flatMap((kind) => sourcePorts[kind] ?? [])]
}

function composeText(choices: Choices, configuration: string): string {
  const variables = variablesOf(configuration)
  const cluster = choices.collect.includes('kubernetes')
  const service = {
    image: 'weir:latest',
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
  const { data: _, listen: __, ops: ___, instance: ____, ...config } = settingsOf(choices)
  const variables = variablesOf(configuration)
  const env = Object.fromEntries(variables.map((name) => [name, { secret: 'weir-secrets', key: name }]))
  const values = {
    fullnameOverride: choices.name,
    config,
    ...(variables.length === 0 ? {} : { secrets: { env } }),
  }
  // Helm reads YAML 1.1, where a plain `off` is a boolean.
  return `# Written by \`weir init\`: values of the chart deploy/helm/weir.\n${stringify(values, { version: '1.1' })}`
}

function dropInText(choices: Choices, configuration: string): string {
  const variables = variablesOf(configuration)
  return [
    '# Written by `weir init`: drop-in of weir.service.',
    ...(variables.length === 0 ? [] : [`# /etc/default/weir must set ${variables.join(', ')}.`]),
    '[Service]',
    'ExecStart=',
    'ExecStart=/usr/bin/weir run --config /etc/weir/weir.yaml',
    '',
  ].join('\n')
}
