// Without what is easily mistaken when read aloud or typed off paper: 0 O 1 l I.
const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const LENGTH = 14

/** A password for the first login, 14 characters at random: over 80 bits. */
export function newPassword(): string {
  let password = ''
  while (password.length < LENGTH) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1))
    // A byte beyond the last whole run of letters would make the first letters likelier.
    if (byte < 256 - (256 % LETTERS.length)) password += LETTERS.charAt(byte % LETTERS.length)
  }
  return password
}
