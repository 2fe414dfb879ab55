//! Letters of formulas in LaTeX: ρ₁ becomes `\rho_1`, 1/(1−ρ₁ᵗ) becomes `\frac{1}{1-\rho_1^t}`.
//!
//! ```text
//! list     sum, sum, …
//! sum      product + product − …
//! product  factor · factor / factor …        · may be left out
//! factor   √factor   (list)   ‖list‖   |list|   letters and digits, with indices
//! ```

use std::iter::Peekable;
use std::str::Chars;

/// What a letter of [`Lane::letter`](crate::Lane::letter), or the name of a slot, is in LaTeX.
pub(super) fn letter(text: &str) -> String {
    let mut reader = Reader { chars: text.chars().peekable(), open: Vec::new() };
    let mut latex = reader.list();
    // What is no formula is shown as it stands.
    while let Some(char) = reader.chars.next() {
        latex.push(char);
        latex += &reader.list();
    }
    latex
}

/// In parentheses, which are as high as what is between them.
pub(super) fn parentheses(latex: &str) -> String {
    format!(r"\left({latex}\right)")
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    /// What closes the brackets that are open.
    open: Vec<char>,
}

/// A factor, and what is between its parentheses if it is nothing else.
struct Factor {
    latex: String,
    bare: Option<String>,
}

impl Factor {
    /// Where braces hold it together.
    fn in_braces(self) -> String {
        self.bare.unwrap_or(self.latex)
    }
}

impl Reader<'_> {
    /// Whether `char` is next; then it is read.
    fn reads(&mut self, char: char) -> bool {
        self.chars.next_if_eq(&char).is_some()
    }

    fn list(&mut self) -> String {
        let mut latex = self.sum();
        while self.reads(',') {
            latex = format!("{latex}, {}", self.sum());
        }
        latex
    }

    fn sum(&mut self) -> String {
        let mut latex = String::new();
        loop {
            while self.reads(' ') {}
            latex += &self.product();
            match () {
                () if self.reads('−') => latex.push('-'),
                () if self.reads('+') => latex.push('+'),
                () => return latex,
            }
        }
    }

    fn product(&mut self) -> String {
        let Some(mut product) = self.factor() else { return String::new() };
        loop {
            if self.reads('/') {
                let divisor = self.factor().map(Factor::in_braces).unwrap_or_default();
                let latex = format!(r"\frac{{{}}}{{{divisor}}}", product.in_braces());
                product = Factor { latex, bare: None };
                continue;
            }
            let sign = self.reads('·');
            let Some(next) = self.factor() else { return product.latex };
            let between = if sign { r"\," } else { "" };
            product =
                Factor { latex: format!("{}{between}{}", product.latex, next.latex), bare: None };
        }
    }

    fn factor(&mut self) -> Option<Factor> {
        let first = *self.chars.peek()?;
        // A bar that closes looks like one that opens.
        if self.open.last() == Some(&first) {
            return None;
        }
        let (latex, bare) = match first {
            '√' => {
                self.chars.next();
                let radicand = self.factor().map(Factor::in_braces).unwrap_or_default();
                (format!(r"\sqrt{{{radicand}}}"), None)
            }
            '(' => {
                let inner = self.between(')');
                let high = inner.contains(r"\frac");
                let latex = if high { parentheses(&inner) } else { format!("({inner})") };
                (latex, Some(inner))
            }
            '‖' => (format!(r"\lVert {}\rVert", self.between('‖')), None),
            '|' => (format!(r"\lvert {}\rvert", self.between('|')), None),
            '…' => {
                self.chars.next();
                (r"\dots".to_owned(), None)
            }
            _ => (self.name()?, None),
        };
        Some(Factor { latex: latex + &self.indices(), bare })
    }

    /// What stands up to `end`, which is read too.
    fn between(&mut self, end: char) -> String {
        self.chars.next();
        self.open.push(end);
        let inner = self.list();
        self.open.pop();
        self.reads(end);
        inner
    }

    /// A Greek letter, a Latin one, a number, or a word.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        if let Some(greek) = self.chars.peek().and_then(|char| greek(*char)) {
            self.chars.next();
            // A command ends before the letter after it.
            let latin = self.chars.peek().is_some_and(char::is_ascii_alphabetic);
            return Some(if latin { format!("{greek} ") } else { greek.to_owned() });
        }
        while let Some(char) =
            self.chars.next_if(|char| char.is_ascii_alphanumeric() || *char == '.')
        {
            name.push(char);
        }
        match name.as_str() {
            "" => None,
            "min" | "max" | "exp" | "ln" => Some(format!(r"\{name}")),
            word if word.len() > 1 && word.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                Some(format!(r"\operatorname{{{word}}}"))
            }
            _ => Some(name),
        }
    }

    /// Indices above and below, and primes.
    fn indices(&mut self) -> String {
        let (mut below, mut above) = (String::new(), String::new());
        while let Some(&char) = self.chars.peek() {
            if let Some(index) = subscript(char) {
                below.push(index);
            } else if let Some(index) = superscript(char) {
                above.push_str(index);
            } else {
                break;
            }
            self.chars.next();
        }
        let below = match below.as_str() {
            "min" => r"\min".to_owned(),
            "max" => r"\max".to_owned(),
            _ => below,
        };
        let index = |sign: &str, index: String| match index.len() {
            0 => String::new(),
            1 => format!("{sign}{index}"),
            _ => format!("{sign}{{{index}}}"),
        };
        index("_", below) + &index("^", above)
    }
}

fn greek(letter: char) -> Option<&'static str> {
    Some(match letter {
        'α' => r"\alpha",
        'β' => r"\beta",
        'γ' => r"\gamma",
        'δ' => r"\delta",
        'ε' => r"\varepsilon",
        'ζ' => r"\zeta",
        'η' => r"\eta",
        'θ' => r"\theta",
        'κ' => r"\kappa",
        'λ' => r"\lambda",
        'μ' => r"\mu",
        'ν' => r"\nu",
        'ξ' => r"\xi",
        'π' => r"\pi",
        'ρ' => r"\rho",
        'σ' => r"\sigma",
        'τ' => r"\tau",
        'φ' => r"\varphi",
        'χ' => r"\chi",
        'ψ' => r"\psi",
        'ω' => r"\omega",
        'Δ' => r"\Delta",
        'Π' => r"\Pi",
        'Σ' => r"\Sigma",
        'Φ' => r"\Phi",
        'Ω' => r"\Omega",
        '∞' => r"\infty",
        '∇' => r"\nabla",
        _ => return None,
    })
}

fn subscript(char: char) -> Option<char> {
    let below = "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ".chars();
    below.zip("0123456789+-aehijklmnoprstuvx".chars()).find(|(x, _)| *x == char).map(|(_, x)| x)
}

fn superscript(char: char) -> Option<&'static str> {
    Some(match char {
        '⁰' => "0",
        '¹' => "1",
        '²' => "2",
        '³' => "3",
        '⁴' => "4",
        '⁺' => "+",
        '⁻' => "-",
        'ᵏ' => "k",
        'ⁿ' => "n",
        'ᵗ' => "t",
        'ᵀ' => r"\top",
        '′' => r"\prime",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::letter;

    #[test]
    fn letters_become_latex() {
        for (text, latex) in [
            ("ρ₁", r"\rho_1"),
            ("v₁₂", "v_{12}"),
            ("r′", r"r^{\prime}"),
            ("(1−ρ₁)", r"(1-\rho_1)"),
            ("1/(1−ρ₁ᵗ)", r"\frac{1}{1-\rho_1^t}"),
            ("(1−μₜ)/(1−Πₜ)", r"\frac{1-\mu_t}{1-\Pi_t}"),
            ("μₜ₊₁/(1−Πₜ₊₁)", r"\frac{\mu_{t+1}}{1-\Pi_{t+1}}"),
            ("min(1, c/‖g‖)", r"\min\left(1, \frac{c}{\lVert g\rVert}\right)"),
            (
                "min(1, c/‖(g₁,g₂,…)‖)",
                r"\min\left(1, \frac{c}{\lVert (g_1, g_2, \dots)\rVert}\right)",
            ),
            ("δ/√(1−ρ₂ᵗ)", r"\frac{\delta}{\sqrt{1-\rho_2^t}}"),
            ("κ·√(1−ρ₂ᵗ)", r"\kappa\,\sqrt{1-\rho_2^t}"),
            ("ε·λ", r"\varepsilon\,\lambda"),
            ("Δₘᵢₙ/ε₀", r"\frac{\Delta_{\min}}{\varepsilon_0}"),
            ("η⁻", r"\eta^-"),
            ("-0.5", "-0.5"),
        ] {
            assert_eq!(letter(text), latex, "{text}");
        }
    }
}
