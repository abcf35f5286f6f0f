type LinesProps = Readonly<{
  /** Number of cells in the first line; undefined: one line. */
  first: number | undefined
  children: readonly React.ReactNode[]
}>

export function Lines({ first, children }: LinesProps): React.ReactNode {
  if (first === undefined) return children
  return (
    <>
      <div className="grid-line">{children.slice(0, first)}</div>
      <div className="grid-line">{children.slice(first)}</div>
    </>
  )
}
