stacks=$(egress affected --base "$BASE" | xargs)
if [ -z "$stacks" ]; then exit 0; fi
egress lab --lab-file .lab/lab.json $stacks &
lab=$!
trap 'kill "$lab"; wait "$lab" || true' EXIT
until [ -s .lab/lab.json ]; do kill -0 "$lab"; sleep 0.2; done
export EGRESS_LAB=.lab/lab.json
change=$(git rev-parse HEAD)
git checkout --quiet --detach "$BASE"
before=
for stack in $(egress affected --base "$change"); do
  case " $stacks " in *" $stack "*) before="$before $stack" ;; esac
done
if [ -n "$before" ]; then egress apply --yes $before; fi
git checkout --quiet --detach "$change"
egress plan --out plans $stacks || [ $? -eq 2 ]
