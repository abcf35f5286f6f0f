import { codecOf } from '../../state/codec.ts'

/** Nothing of this page is the view's: what is set here is the reader's. */
export const settingsCodec = codecOf<Record<never, never>>({})
