export {
  MessageWriter,
  stampMessage,
  type FlowPiece,
  type IpfixMessage,
  type MessageOptions,
  type TemplateMessages,
} from './messages.ts'
