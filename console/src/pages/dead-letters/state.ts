import { codecOf } from '../../state/codec.ts'
import { flag, text } from '../../state/parts.ts'

interface DeadLettersState {
  readonly sink: string
  readonly sel: string
  readonly edit: boolean
}

export const deadLettersCodec = codecOf<DeadLettersState>({ sink: text(), sel: text(), edit: flag(false) })
