import { codecOf } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { text } from '../../state/parts.ts'

/** The page is live; it keeps the time range of the other pages. */
export const eventsCodec = codecOf<Frame & Readonly<{ q: string }>>({ ...frameParts, q: text() })
