export { flowJson, jsonObject } from './encode.ts'
export { isoTime } from './time.ts'
export { cached, columnWriter, macText, present, u64Text, type Writer } from './values.ts'
