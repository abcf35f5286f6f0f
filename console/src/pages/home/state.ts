import { codecOf } from '../../state/codec.ts'
import { text } from '../../state/parts.ts'

interface HomeState {
  readonly how: string
  readonly collector: string
}

export const homeCodec = codecOf<HomeState>({ how: text('softflowd'), collector: text() })
