export {
  MessageWriter,
  stampMessage,
  type Encoded,
  type FlowPiece,
  type IpfixMessage,
  type MessageOptions,
  type TemplateMessages,
} from './messages.ts'
