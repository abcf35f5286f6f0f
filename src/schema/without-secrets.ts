import { withoutUrlSecrets } from '../model/url-text.ts'
import type { AnyComponentSchema } from './component.ts'
import { walkWritten } from './descend.ts'
import { replaced } from './replaced.ts'

/** For printing: secret values are `***`, and URLs have no users and queries. */
export function withoutSecrets(schema: AnyComponentSchema, value: unknown): unknown {
  let shown = value
  walkWritten(schema.info, value, (info, written, path) => {
    if (typeof written !== 'string') return
    const text =
      info.kind === 'secret' ? (/^(?:env|file):/.test(written) ? written : '***') : withoutUrlSecrets(written)
    if (text !== written) shown = replaced(shown, path, text)
  })
  return shown
}
