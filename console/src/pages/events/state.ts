import { codecOf } from '../../state/codec.ts'
import { text } from '../../state/parts.ts'

export const eventsCodec = codecOf<Readonly<{ q: string }>>({ q: text() })
