/** Names of src/topics/flows that the routes of conversations use. */
export { columnOf } from '../topics/flows/columns.ts'
export { frameOf as answerFrame, type FrameFacts as AnswerFacts } from '../topics/flows/frame.ts'
export { groupField, rowQueryOf } from '../topics/flows/row-query.ts'
export { flowFrame as answerProperties, type FlowColumn as AnswerColumn } from '../topics/flows/schema.ts'
