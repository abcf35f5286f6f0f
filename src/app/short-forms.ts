import { journalUrls } from '../manifests.ts'
import type { ConfigDocument, Override } from '../schema/index.ts'

export function shortForms(document: ConfigDocument): readonly Override[] {
  const { journal, roles: written } = (document.value ?? {}) as Readonly<{ journal?: unknown; roles?: unknown }>
  const origin = 'short form'
  const on = typeof journal === 'string' ? journalOf(journal) : undefined
  return [
    ...(on === undefined ? [] : [{ path: ['journal'], value: { on }, origin }]),
    ...(typeof written === 'string'
      ? [{ path: ['roles'], value: written.split(',').map((role) => role.trim()), origin }]
      : []),
  ]
}

function journalOf(text: string): object | undefined {
  const [, scheme = '', hosts = '', name = ''] = /^([a-z]+):\/\/([^/]+)(?:\/([^/]*))?$/.exec(text) ?? []
  return journalUrls
    .find(({ schemes }) => schemes.includes(scheme))
    ?.settings({ scheme, hosts: hosts.split(','), name })
}
