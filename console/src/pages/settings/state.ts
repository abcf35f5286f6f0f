import { codecOf } from '../../state/codec.ts'

/** Settings belong to the browser, so the URL has none. */
export const settingsCodec = codecOf<Record<never, never>>({})
