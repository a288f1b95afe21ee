said() { grep -Eqs "^($1)" requirements.txt; }
refuse() { echo "${GITHUB_ACTIONS:+::error file=requirements.txt::}$1"; exit 1; }
if [ -n "${PIP_EXTRA_INDEX_URL-}" ] || said '--extra-index-url'; then
  refuse "an extra index is asked beside yours, and anybody may serve tier0-egress there"
elif [ -n "${PIP_INDEX_URL-}" ] || said '--index-url'; then :
elif { [ -n "${PIP_FIND_LINKS-}" ] || said '--find-links'; } && { [ -n "${PIP_NO_INDEX-}" ] || said '--no-index'; }; then :
else
  refuse "name your package index in requirements.txt: on the public one tier0-egress is nobody's"
fi
if [ -f "$REQUIREMENTS.lock" ]; then
  python -m pip install --require-hashes --requirement "$REQUIREMENTS.lock"
else
  python -m pip install --requirement "$REQUIREMENTS.txt"
fi
