/** Header cell of a row; its name opens the details of the source or sink. */
export function PartHeader({
  kind,
  name,
  onOpen,
}: Readonly<{ kind: 'source' | 'sink'; name: string; onOpen: (id: string) => void }>): React.ReactNode {
  return (
    <th scope="row">
      <button type="button" className="link-like" onClick={() => onOpen(`${kind}:${name}`)}>
        {name}
      </button>
    </th>
  )
}
