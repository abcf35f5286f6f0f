import { withoutUrlSecrets } from '../model/url-text.ts'
import type { AnyComponentSchema } from './component.ts'
import { walkWritten } from './descend.ts'
import { isReference, takesReference } from './references.ts'
import { Draft } from './replaced.ts'

/** For printing: secret values are `***`, and URLs end after host and port. */
export function withoutSecrets(schema: AnyComponentSchema, value: unknown): unknown {
  const shown = new Draft(value)
  walkWritten(schema.info, value, (info, written, path) => {
    if (typeof written !== 'string') return
    const text =
      info.kind === 'secret'
        ? /^(?:env|file):/.test(written)
          ? written
          : '***'
        : takesReference(info) && isReference(written)
          ? written
          : withoutUrlSecrets(written)
    if (text !== written) shown.set(path, text)
  })
  return shown.value
}
