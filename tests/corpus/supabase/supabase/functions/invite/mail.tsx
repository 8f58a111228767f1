export interface Props {
  guest: string
  until: string
}

export const Mail = ({ guest, until }: Props) => (
  <main>
    <h1>Come in, {guest}</h1>
    <>
      <p style={{ color: 'red' }}>Until {until}</p>
      {['one', 'two'].map((item) => <li key={item}>{item}</li>)}
    </>
  </main>
)
