import {
  auth,
  batch,
  defineSchema,
  infoOf,
  leaseFields,
  messageFields,
  messageSourceFields,
  reference,
  retry,
  tls,
  type FieldInfo,
  type Fields,
} from '../../src/schema/index.ts'
import { anchor, generatedHead } from './markdown.ts'

interface SharedGroup {
  readonly title: string
  readonly text: string
  readonly info: FieldInfo
}

const groups: readonly SharedGroup[] = [
  { title: 'TLS', text: 'TLS of a client towards a server.', info: infoOf(tls) },
  { title: 'Authentication', text: 'Authentication towards an HTTP server.', info: infoOf(auth) },
  { title: 'Retry', text: 'Retries of failed requests.', info: infoOf(retry) },
  { title: 'Batch', text: 'Size of the batches that a client sends.', info: infoOf(batch) },
  {
    title: 'Claim store of a sink',
    text: 'Storage for the bodies of messages that exceed the limit of a bus.',
    info: infoOf(messageFields('binary').claims),
  },
  {
    title: 'Claim store of a source',
    text: 'Storage from which a source fetches those bodies.',
    info: infoOf(messageSourceFields.claims),
  },
  {
    title: 'Lease',
    text: 'Leader election between several instances of a polling source.',
    info: infoOf(leaseFields.lease),
  },
]

const page = 'shared-settings.md'

export function sharedLink(from: string): (path: string, info: FieldInfo) => string | undefined {
  return (_path, info) => {
    const group = groups.find((sharedGroup) => fieldsText(sharedGroup.info) === fieldsText(info))
    return group && `[${group.title}](${from}${page}#${anchor(group.title)})`
  }
}

function fieldsText({ kind, fields, variants }: FieldInfo) {
  const infos = (all: Fields): object => Object.entries(all).map(([key, field]) => [key, plain(infoOf(field))])
  if (kind === 'group') return JSON.stringify(infos(fields ?? {}))
  return kind === 'variants' ? JSON.stringify([...(variants ?? [])].map(([type, all]) => [type, infos(all)])) : kind
}

function plain(info: FieldInfo): object {
  const { description, default: otherwise, kind } = info
  const nested = kind === 'group' || kind === 'variants'
  return nested ? { kind, nested: fieldsText(info) } : { kind, description, otherwise }
}

export async function sharedSettingsPage(): Promise<string> {
  const sections = groups.map(({ title, text, info }) => {
    const isSelf = (field: FieldInfo) => fieldsText(field) === fieldsText(info)
    const linkFor = (path: string, field: FieldInfo) => (isSelf(field) ? undefined : sharedLink('')(path, field))
    const fields = info.kind === 'group' ? (info.fields ?? {}) : { auth }
    return `## ${title}\n\n${text}\n\n${reference(
      defineSchema({ type: 'shared', role: 'setting', summary: text, fields }),
      { linkFor },
    )}`
  })
  return `${generatedHead('Shared settings', 'src/schema/shared.ts')}\
Groups of settings that several components have. The page of a component links to them.

${sections.join('\n')}`
}
