import { codecOf } from '../../state/codec.ts'
import { text } from '../../state/parts.ts'

type HomeState = Readonly<{
  how: string
  collector: string
}>

export const homeCodec = codecOf<HomeState>({ how: text('softflowd'), collector: text() })
