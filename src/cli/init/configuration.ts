import { stringify } from 'yaml'
import { isContainer, type Choices, type Collected, type Target } from './choices.ts'
import { sinksOf, webhookOf } from './sink-urls.ts'

type Settings = Record<string, unknown>

const dataFolder: Readonly<Record<Target, string>> = {
  laptop: './weir-data',
  docker: '/data',
  kubernetes: '/data',
  systemd: '/var/lib/weir',
}

/** Ports of the sources of a choice, for manifests. */
export const sourcePorts: Readonly<Partial<Record<Collected, readonly (readonly [number, 'udp' | 'tcp'])[]>>> = {
  flows: [
    [2055, 'udp'],
    [4739, 'udp'],
    [4739, 'tcp'],
    [6343, 'udp'],
  ],
  'kube-audit': [[9443, 'tcp']],
  syslog: [
    [5514, 'udp'],
    [5514, 'tcp'],
  ],
  otlp: [
    [4317, 'tcp'],
    [4318, 'tcp'],
  ],
}

export function settingsOf(choices: Choices): Settings {
  const { target, store, access, name, port } = choices
  const host = access === 'local' ? '127.0.0.1' : '0.0.0.0'
  // Probes and Prometheus connect from outside of the container.
  const opsHost = isContainer(target) ? '0.0.0.0' : '127.0.0.1'
  const sinks = sinksOf(choices.sinks)
  return {
    data: dataFolder[target],
    instance: name,
    listen: `${host}:${port}`,
    ops: `${opsHost}:${port + 1}`,
    ...(access === 'token' ? { auth: { tokens: [{ name: 'admin', token: 'env:WEIR_ADMIN_TOKEN' }] } } : {}),
    ...(store === 'none' ? { store: { enabled: 'none' } } : {}),
    sources: sourcesOf(choices, target === 'laptop' ? '127.0.0.1' : '0.0.0.0'),
    ...(choices.sinks.some((url) => webhookOf(url) !== undefined) ? { alerts: firstAlert(choices) } : {}),
    ...(Object.keys(sinks).length === 0 ? {} : { sinks }),
  }
}

/** Without a rule, a chat would receive nothing. */
function firstAlert({ collect }: Choices): Settings {
  const flows = collect.includes('flows')
  return {
    'nothing-received': {
      on: flows ? 'flows' : 'events',
      measure: flows ? 'flows' : 'count',
      window: '15m',
      condition: '< 1',
      no_data: 'alert',
      annotations: { summary: `No ${flows ? 'flow' : 'event'} was received for 15 minutes.` },
    },
  }
}

function sourcesOf({ collect, name }: Choices, host: string): Settings {
  const made: Readonly<Record<Exclude<Collected, 'events' | 'flows'>, Settings>> = {
    kubernetes: { cluster: name },
    'kube-audit': { cluster: name, listen: `${host}:9443`, token: 'env:AUDIT_TOKEN' },
    syslog: { udp: `${host}:5514`, tcp: `${host}:5514` },
    otlp: { listen: `${host}:4318`, grpc: `${host}:4317`, token: 'env:PUSH_TOKEN' },
    cloudtrail: { from: { type: 'lookup', regions: ['eu-central-1'] } },
    'otc-cts': {
      region: 'eu-de',
      projects: [{ name: 'eu-de_project' }],
      auth: { type: 'keys', access_key: 'env:OS_ACCESS_KEY', secret_key: 'env:OS_SECRET_KEY' },
    },
  }
  // Both run without configuration.
  const flows = collect.includes('flows') ? {} : { netflow: { listen: 'off', tcp: 'off' }, sflow: { listen: 'off' } }
  const chosen = Object.entries(made).filter(([key]) => collect.includes(key as Collected))
  return { ...flows, ...Object.fromEntries(chosen) }
}

export function configurationText(choices: Choices): string {
  const { sources, ...settings } = settingsOf(choices)
  const head = '# Written by `weir init`. `weir schema` describes every setting, `weir create` prints samples.\n'
  const hasSources = Object.keys(sources as Settings).length > 0
  return head + stringify({ ...settings, ...(hasSources ? { sources } : {}) })
}

/** Variables that the configuration refers to. */
export function variablesOf(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/\benv:([A-Z][A-Z0-9_]*)/g)].map(([, name = '']) => name))]
}
