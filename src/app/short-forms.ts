import { journalUrls } from '../components/manifests.ts'
import { fieldsOf } from '../model/json.ts'
import type { ConfigDocument } from '../schema/index.ts'

/** Problems of the long form are located at the short one. `journal`: as written, or the value of its reference. */
export function withShortForms(document: ConfigDocument, journal: unknown): ConfigDocument {
  const { roles } = fieldsOf(document.value)
  const on = typeof journal === 'string' ? journalOf(journal) : undefined
  const long = {
    ...(on === undefined ? {} : { journal: { on } }),
    ...(typeof roles === 'string' ? { roles: roles.split(',').map((role) => role.trim()) } : {}),
  }
  return Object.keys(long).length === 0 ? document : { ...document, value: { ...fieldsOf(document.value), ...long } }
}

function journalOf(text: string): object | undefined {
  const [, scheme = '', hosts = '', name = ''] = /^([a-z]+):\/\/([^/]+)(?:\/([^/]*))?$/.exec(text) ?? []
  return journalUrls
    .find(({ schemes }) => schemes.includes(scheme))
    ?.settings({ scheme, hosts: hosts.split(','), name })
}
