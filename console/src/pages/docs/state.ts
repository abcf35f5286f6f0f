import { codecOf } from '../../state/codec.ts'
import { text } from '../../state/parts.ts'

/** `page`: path below docs without `.md`; `at`: the heading. */
export const docsCodec = codecOf<Readonly<{ page: string; at: string }>>({ page: text('guide/console'), at: text() })
