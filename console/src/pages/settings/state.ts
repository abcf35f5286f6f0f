import { codecOf } from '../../state/codec.ts'

export const settingsCodec = codecOf<Record<never, never>>({})
