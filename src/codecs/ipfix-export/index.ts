export {
  MessageWriter,
  stampMessage,
  type Encoded,
  type FlowPiece,
  type IpfixMessage,
  type MessageOptions,
} from './messages.ts'
