import { codecOf } from '../../state/codec.ts'
import { flag, text } from '../../state/parts.ts'

export type DeadLettersState = Readonly<{
  sink: string
  reason: string
  sel: string
  edit: boolean
}>

export const deadLettersCodec = codecOf<DeadLettersState>({
  sink: text(),
  reason: text(),
  sel: text(),
  edit: flag('off'),
})
