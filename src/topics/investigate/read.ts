// Loaded with the first investigation, because starts are frequent and investigations are rare.
export { investigate } from './investigation.ts'
export { relatedTo } from './related.ts'
export { subjectOf } from './subject.ts'
