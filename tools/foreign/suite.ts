/** `refused`: Weir reports the input as one that it does not support, with the reason in `detail`. */
export type Verdict = 'right' | 'refused' | 'wrong'

export type Outcome = Readonly<{
  /** Unique within its suite: the file, and the case within the file. */
  name: string
  verdict: Verdict
  /** For a wrong case the expected and the actual value, for a refused one the reason. */
  detail?: string
}>

/** A test suite or a collection of files of another project. No file of it enters this repository. */
export interface Suite {
  /** One line: the project, and what counts as right. */
  readonly summary: string
  /** Source of the folder: the project, the path in it, the command that fetches it. */
  readonly source: string
  outcomes(folder: string): AsyncIterable<Outcome>
}
