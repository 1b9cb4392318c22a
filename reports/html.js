"use strict"
{
	// The page is complete without this. It filters, says in the address what is filtered and shown, and copies.
	const all = (selector, within = document) => [...within.querySelectorAll(selector)]
	const form = document.getElementById("filter")
	const fold = s => s.toLowerCase()

	// open shows what an anchor leads to, in whatever it is folded.
	const open = id => {
		const at = id && document.getElementById(id)
		if (!at) return
		for (let e = at; e; e = e.parentElement) {
			if (e.tagName === "DETAILS") e.open = true
			e.hidden = false // whatever is filtered, who asks for it is to see it
		}
		at.scrollIntoView()
		const focus = at.matches("details") ? at.querySelector("summary") : at
		focus.focus({preventScroll: true})
	}

	// copied puts the text on the clipboard, by whichever way the browser allows.
	const copied = async (text, button) => {
		let done = false
		try {
			await navigator.clipboard.writeText(text)
			done = true
		} catch {
			const area = document.createElement("textarea")
			area.value = text
			area.style.position = "fixed"
			document.body.append(area)
			area.select()
			done = document.execCommand("copy")
			area.remove()
			button.focus()
		}
		button.textContent = done ? "copied" : "press Ctrl+C"
		if (!done) getSelection().selectAllChildren(button.previousElementSibling)
		setTimeout(() => { button.textContent = "copy" }, 2000)
	}
	for (const button of all(".copy button")) {
		button.hidden = false
		button.setAttribute("aria-label", "copy this line")
	}
	document.addEventListener("click", e => {
		const button = e.target.closest(".copy button")
		if (button) copied(button.previousElementSibling.textContent, button)
	})

	addEventListener("beforeprint", () => { for (const d of all(".group:not(.pass):not(.skip) details:not(.stderr)")) d.open = true })

	if (form) {
		// What there is to filter: every pair, which is a cell of the matrix.
		const pairs = [], sections = new Map(), told = new Map(), names = all(".targets > li > h3").map(h => h.textContent)
		for (const d of all("details.case")) sections.set(d.dataset.f, {d, text: "", shown: 0})
		for (const p of all(".pair")) told.set(p.dataset.c + " " + p.dataset.t, p)
		const rows = all(".grid tr[data-c]").map(tr => {
			const table = tr.closest("table"), columns = all("thead th", table).map(th => th.dataset.t), f = tr.parentNode.dataset.f
			const row = {tr, theme: table.dataset.theme, level: tr.dataset.l, section: sections.get(f), id: tr.cells[0].firstElementChild.title, cells: []}
			columns.forEach((t, i) => {
				const a = tr.cells[i + 1].firstElementChild
				if (!a) return
				const pair = {a, row, t, verdict: a.classList[1], p: told.get(tr.dataset.c + " " + t)}
				row.cells.push(pair)
				pairs.push(pair)
			})
			return row
		})
		let texts = false
		const readTexts = () => { // once, and only if somebody searches
			if (texts) return
			texts = true
			for (const s of sections.values()) s.text = fold(s.d.querySelector("summary").textContent + " " + s.d.querySelector(".req").textContent + " " + s.d.querySelector(".advice").textContent)
			for (const p of pairs) p.text = fold([p.row.id, names[p.t], p.verdict, p.p ? p.p.textContent : ""].join(" "))
		}

		const pressed = () => all("button[data-v][aria-pressed=true]", form).map(b => b.dataset.v)
		const value = name => form.elements[name] ? form.elements[name].value : ""
		const state = () => {
			const s = new URLSearchParams()
			if (pressed().length) s.set("verdict", pressed().join(","))
			for (const name of ["theme", "level", "target", "text"]) if (value(name)) s.set(name, value(name))
			return s
		}
		const apply = () => {
			const s = state(), verdicts = pressed(), words = fold(s.get("text") || "").split(/\s+/).filter(Boolean)
			if (words.length) readTexts()
			const filtered = s.size > 0
			let shown = 0
			for (const x of sections.values()) x.shown = 0
			for (const p of pairs) {
				const r = p.row
				p.on = (!verdicts.length || verdicts.includes(p.verdict)) && (!s.get("theme") || s.get("theme") === r.theme) &&
					(!s.get("level") || s.get("level") === r.level) && (!s.get("target") || s.get("target") === names[p.t]) &&
					words.every(w => p.text.includes(w) || r.section.text.includes(w))
				p.a.classList.toggle("off", !p.on)
				if (p.p) p.p.hidden = !p.on
				if (p.on) { shown++; r.section.shown++ }
			}
			for (const r of rows) r.tr.hidden = !r.cells.some(p => p.on)
			for (const body of all(".grid tbody")) body.hidden = all("tr[data-c]", body).every(tr => tr.hidden)
			for (const theme of all(".theme")) theme.hidden = all("tbody", theme).every(b => b.hidden)
			for (const x of sections.values()) x.d.hidden = !x.shown
			for (const g of all(".group")) g.hidden = all(".case", g).every(d => d.hidden)
			for (const c of all("[data-t]:is(.control, .targets > li)")) c.hidden = !!s.get("target") && s.get("target") !== names[c.dataset.t]
			form.querySelector("output").textContent = filtered ? `${shown} of ${pairs.length}` : ""
			form.querySelector("[type=reset]").disabled = !filtered
		}
		const remember = at => {
			const s = state()
			if (at && s.size) s.set("at", at)
			const hash = s.size ? "#" + s : at ? "#" + at : location.pathname.endsWith("/") ? "." : location.href.split("#")[0]
			history.replaceState(null, "", hash)
		}
		const restore = () => {
			const hash = location.hash.slice(1), s = new URLSearchParams(hash)
			if (hash && !hash.includes("=")) {
				open(decodeURIComponent(hash))
				return
			}
			const verdicts = (s.get("verdict") || "").split(",")
			for (const b of all("button[data-v]", form)) b.setAttribute("aria-pressed", verdicts.includes(b.dataset.v))
			for (const name of ["theme", "level", "target", "text"]) if (form.elements[name]) form.elements[name].value = s.get(name) || ""
			apply()
			open(s.get("at"))
		}

		form.addEventListener("click", e => {
			const b = e.target.closest("button[data-v]")
			if (!b) return
			b.setAttribute("aria-pressed", b.getAttribute("aria-pressed") !== "true")
			apply()
			remember()
		})
		let soon
		form.addEventListener("input", () => {
			clearTimeout(soon)
			soon = setTimeout(() => { apply(); remember() }, 120)
		})
		form.addEventListener("reset", () => {
			for (const b of all("button[data-v]", form)) b.setAttribute("aria-pressed", false)
			setTimeout(() => { apply(); remember() })
		})
		form.addEventListener("submit", e => e.preventDefault())
		document.addEventListener("keydown", e => {
			if (e.key === "/" && !e.target.closest("input, textarea, select") && !e.ctrlKey && !e.metaKey) {
				e.preventDefault()
				form.elements.text.focus()
			}
		})
		// A link within the page must not lose what is filtered.
		document.addEventListener("click", e => {
			const a = e.target.closest("a[href^='#']")
			if (!a || e.ctrlKey || e.metaKey || e.shiftKey) return
			const id = a.getAttribute("href").slice(1)
			if (!state().size) return
			e.preventDefault()
			remember(id)
			open(id)
		})
		addEventListener("hashchange", restore)
		document.addEventListener("mouseover", e => {
			const a = e.target.closest && e.target.closest(".grid td .m")
			if (!a || a.title) return
			const td = a.parentNode, tr = td.parentNode, th = tr.closest("table").tHead.rows[0].cells[td.cellIndex]
			const id = (tr.cells[0].querySelector("[title]") || tr.cells[0]).title
			a.title = `${th.textContent}: ${a.textContent.trim()}\n${id}`
		})
		form.hidden = false
		restore()
	} else {
		open(decodeURIComponent(location.hash.slice(1)))
	}
}
