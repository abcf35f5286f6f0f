import { layout, type LayoutInput } from './layout.ts'

/** What the page sends; the answer has the number of the question. */
export interface LayoutTask {
  readonly task: number
  readonly input: LayoutInput
}

addEventListener('message', ({ data: { task, input } }: MessageEvent<LayoutTask>) => {
  postMessage({ task, placed: layout(input) })
})
